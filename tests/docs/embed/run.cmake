# Configures the projects of this folder in SCRATCH, without a network. They find the sources in SOURCE.
function(configure project)
    set(folder ${SCRATCH}/${project})
    file(REMOVE_RECURSE ${folder})
    file(COPY ${CMAKE_CURRENT_LIST_DIR}/${project}/CMakeLists.txt DESTINATION ${folder})
    file(COPY_FILE ${CMAKE_CURRENT_LIST_DIR}/../readme_echo.cpp ${folder}/main.cpp)
    file(CREATE_LINK ${SOURCE} ${folder}/libresp SYMBOLIC)
    execute_process(
        COMMAND ${CMAKE_COMMAND} -S ${folder} -B ${folder}/build -G ${GENERATOR}
            -DCMAKE_CXX_COMPILER=${COMPILER} ${ARGN}
        COMMAND_ERROR_IS_FATAL ANY
    )
endfunction()

configure(subdirectory)
configure(fetch -DFETCHCONTENT_SOURCE_DIR_LIBRESP=${SOURCE})
