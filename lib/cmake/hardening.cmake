# libresp_harden(<target>...): what makes a bug that is left hard to exploit, in a Release build with
# LIBRESP_HARDEN. For the programs that we ship, and for the library that is in them: the bytes of
# clients are read there. Whoever links the library gets none of it.
#
# Only Release: the fortified functions need optimisation, and the sanitizers, which find more, need
# them off.
include(CheckCXXCompilerFlag)
if(LIBRESP_HARDEN)
    check_cxx_compiler_flag(-fcf-protection=full LIBRESP_HAS_CF_PROTECTION) # x86 alone
    check_cxx_compiler_flag(-fstack-clash-protection LIBRESP_HAS_STACK_CLASH_PROTECTION)
endif()

function(libresp_harden)
    if(NOT LIBRESP_HARDEN)
        return()
    endif()
    set(compile
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 # some compilers define a lower one themselves
        -D_GLIBCXX_ASSERTIONS
        -fstack-protector-strong
        $<$<BOOL:${LIBRESP_HAS_STACK_CLASH_PROTECTION}>:-fstack-clash-protection>
        $<$<BOOL:${LIBRESP_HAS_CF_PROTECTION}>:-fcf-protection=full>
        $<$<NOT:$<BOOL:$<TARGET_PROPERTY:POSITION_INDEPENDENT_CODE>>>:-fPIE> # else CMake has -fPIC
    )
    set(link
        -Wl,-z,relro,-z,now
        -Wl,-z,noexecstack
        $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>
    )
    foreach(target IN LISTS ARGN)
        target_compile_options(${target} PRIVATE "$<$<CONFIG:Release>:${compile}>")
        target_link_options(${target} PRIVATE
            "$<$<AND:$<CONFIG:Release>,$<PLATFORM_ID:Linux>>:${link}>")
    endforeach()
endfunction()
